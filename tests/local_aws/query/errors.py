"""What a query can be answered with instead of rows."""

NOT_HERE = "is not supported by this local AWS"


class QueryError(Exception):
    """What Timestream answers with a ValidationException; the message is for the reader."""


def wrong(place, message):
    """Return the error for something at a place in the query, with Trino's line:column."""
    return QueryError(f"{place}: {message}")


def unsupported(place, what):
    """Return the error for something that Timestream has, and this does not."""
    return wrong(place, f"{what} {NOT_HERE}")
