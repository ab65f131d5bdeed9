"""What a query can be answered with instead of rows."""


class QueryError(Exception):
    """What Timestream answers with a ValidationException; the message is for the reader."""


def wrong(place, message):
    """Return the error for something at a place in the query."""
    return QueryError(f"{place}: {message}")


def unsupported(place, what):
    """Return the error for something that Timestream has, or may have, and this does not."""
    return wrong(place, f"{what} is not supported by this local AWS")
