"""The skeleton of the Lambda function: it shows what Kinesis delivers, and stores nothing yet.

Paste it into the code editor of the Lambda console as lambda_function.py, or upload it with the
AWS CLI as the README does. Later you replace it with lambda_function.py.
"""

import base64


def lambda_handler(event, context):
    """Print the data of each record in a Kinesis event, or why it cannot be decoded.

    event: the event as Lambda passes it, a dict with a list "Records", each with its data
    under "kinesis" (Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis
    Data Streams").
    context: information on this invocation, not used here.
    """
    for record in event.get("Records", []):
        try:
            # Lambda base64-encodes the data on the stream, as JSON has no type for bytes.
            print(base64.b64decode(record["kinesis"]["data"], validate=True).decode("utf-8"))
        except Exception as error:  # one bad record must not stop the others
            print(f"error: {error}")
