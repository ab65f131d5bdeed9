"""The errors of queries."""

NOT_HERE = "is not supported by this local AWS"


class QueryError(Exception):
    """The error for a query that cannot be answered; Timestream returns a ValidationException."""


def wrong(place, message):
    """Return the error for a mistake at a place in the query, given as Trino's line:column."""
    return QueryError(f"{place}: {message}")


def unsupported(place, what):
    """Return the error for something that only AWS supports."""
    return wrong(place, f"{what} {NOT_HERE}")
