"""Reads a stream for a mapping, shard by shard.

moto stores a stream's records; a mapping remembers the last sequence number that it has read.
"""

import itertools
import zlib

from tests.local_aws.delivery import Lane

READ_AHEAD = 10_000  # records of a shard that a mapping holds before it stops reading


class Shard:
    """A shard, as a mapping reads it.

    shard: moto's shard. position: the last sequence number read.
    lanes: as many as the parallelization factor; a partition key always uses the same lane.
    """

    def __init__(self, shard, position):
        self.shard = shard
        self.position = position
        self.lanes = [Lane()]

    def find_unread(self):
        """Return the records not read yet, newest first."""
        newest_first = reversed(self.shard.records.values())
        return list(
            itertools.takewhile(lambda each: each.sequence_number > self.position, newest_first)
        )

    def find_read(self):
        """Return the records that have been read but are not done."""
        return [record for lane in self.lanes for record in lane.find_all()]

    def is_done(self):
        """Return whether all its records are done, and no more can arrive."""
        return not (self.shard.is_open or self.find_unread() or self.find_read())

    def find_lane(self, record):
        """Return a record's lane."""
        return self.lanes[zlib.crc32(record.partition_key.encode()) % len(self.lanes)]

    def set_lane_count(self, count, now):
        """Set the number of lanes, unless one is busy; keep the records in order."""
        if count == len(self.lanes) or any(lane.busy for lane in self.lanes):
            return
        records = self.find_read()
        self.lanes = [Lane() for _ in range(count)]
        for record in sorted(records, key=lambda record: record.sequence_number):
            self.find_lane(record).add(record, now)

    def read(self, now):
        """Read new records."""
        if len(self.find_read()) >= READ_AHEAD:
            return
        records, self.position, _ = self.shard.get_records(self.position, READ_AHEAD)
        for record in records:
            self.find_lane(record).add(record, now)


class Reader:
    """Reads a stream for a mapping.

    stream: moto's stream. If it is deleted and created again, it needs a new Reader.
    """

    def __init__(self, stream, starting_position, timestamp):
        self.stream = stream
        self.shards = {}
        for name, shard in stream.shards.items():
            position = 0
            if starting_position == "LATEST":
                position = shard.get_max_sequence_number()
            if starting_position == "AT_TIMESTAMP":
                position = shard.get_sequence_number_at(timestamp)
            self.shards[name] = Shard(shard, position)

    def read(self, lane_count, now):
        """Read new records from the shards that can be read."""
        for name, shard in self.stream.shards.items():
            if name not in self.shards:  # created by resharding: start at its first record
                self.shards[name] = Shard(shard, 0)
        for shard in self.find_readable():
            shard.set_lane_count(lane_count, now)
            shard.read(now)

    def find_readable(self):
        """Return the shards whose parent shards are done."""
        return [shard for shard in self.shards.values() if self.are_parents_done(shard.shard)]

    def are_parents_done(self, shard):
        """Return whether all records on a shard's parent shards are done."""
        parents = [shard.parent, shard.adjacent_parent]
        return all(self.shards[name].is_done() for name in parents if name in self.shards)

    def list_lanes(self):
        """Return a pair (shard, lane) for each lane."""
        return [(shard, lane) for shard in self.shards.values() for lane in shard.lanes]
