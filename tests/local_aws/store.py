"""A stand-in for the store that is to come: records in dictionaries, queries by query.py."""

import threading

from tests.local_aws import query
from tests.local_aws.query import Record as Record


class Store:
    """The records of the tables of an account and region."""

    def __init__(self):
        self.tables, self.lock = {}, threading.Lock()

    def create_database(self, database):
        """Do nothing: there is no SHOW DATABASES."""

    def drop_database(self, database):
        """Do nothing."""

    def create_table(self, database, table):
        """Make an empty table."""
        self.tables[database, table] = {}

    def drop_table(self, database, table):
        """Forget a table and what is in it."""
        del self.tables[database, table]

    def write(self, database, table, records):
        """Store records; return {index: existing version} of those that are refused."""
        refused, stored = {}, self.tables[database, table]
        with self.lock:
            for index, record in enumerate(records):
                existing = stored.get(record[:4])
                if existing is None or existing.version < record.version:
                    stored[record[:4]] = record
                elif existing.value != record.value:
                    refused[index] = existing.version
        return refused

    def query(self, sql):
        """Return ColumnInfo and Rows; raises query.QueryError."""
        tables = {name: list(records.values()) for name, records in self.tables.items()}
        return query.query(sql, tables)
