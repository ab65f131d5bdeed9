"""How far a mapping has come with a stream: what it has read, and what of that is not done yet."""

import zlib

AT_ONCE = 10_000  # records, as many as one GetRecords gives


class Lane:
    """The records of some partition keys, one batch after the other.

    records: those that have been read and are in no batch yet; gathering_since: when that began.
    batches: the one that is delivered next, and what it was split into.
    attempts, error, next_try: how often that was tried, how the function has failed, when to retry.
    """

    def __init__(self):
        self.records = []
        self.gathering_since = 0
        self.batches = []
        self.forget_attempts()

    def forget_attempts(self):
        """Begin with another batch."""
        self.attempts = 0
        self.error = ""
        self.next_try = 0

    def add(self, record, now):
        """Add a record that was just read."""
        if not self.records:
            self.gathering_since = now
        self.records.append(record)

    def make_batch(self, size, window, now):
        """Make a batch of what was read, if that is enough for one, or the window has passed."""
        if self.batches or not self.records:
            return
        if len(self.records) >= size or now >= self.gathering_since + window:
            self.batches.append(self.records[:size])
            self.records = self.records[size:]
            self.gathering_since = now

    def drop(self, count):
        """Go on with what follows the first records of the batch."""
        self.batches[0] = self.batches[0][count:]
        if not self.batches[0]:
            del self.batches[0]
            self.forget_attempts()

    def split(self):
        """Split the batch in two."""
        batch = self.batches[0]
        middle = len(batch) // 2
        self.batches[:1] = [batch[:middle], batch[middle:]]

    def is_gathering(self):
        """Return whether there are records that wait for more, to be one batch."""
        return bool(self.records) and not self.batches

    def find_all(self):
        """Return all records, those in batches first."""
        return [record for batch in self.batches for record in batch] + self.records


class Shard:
    """A shard of a stream, as a mapping reads it.

    parents: names of the shards from which it came.
    iterator: where to read on; None: it is closed, and all was read.
    lanes: as many as the mapping's parallelization factor. The records of a key are all in one.
    """

    def __init__(self, description, iterator):
        self.name = description["ShardId"]
        parents = [description.get("ParentShardId"), description.get("AdjacentParentShardId")]
        self.parents = [parent for parent in parents if parent]
        self.iterator = iterator
        self.lanes = [Lane()]

    def is_done(self):
        """Return whether all that was put on it was delivered, and no more will come."""
        return self.iterator is None and not any(lane.find_all() for lane in self.lanes)

    def find_lane(self, record):
        """Return the lane of a record."""
        return self.lanes[zlib.crc32(record["PartitionKey"].encode()) % len(self.lanes)]

    def set_lane_count(self, count, now):
        """Let there be so many lanes; what has been read changes lanes, in the same order."""
        if count == len(self.lanes):
            return
        records = [record for lane in self.lanes for record in lane.find_all()]
        self.lanes = [Lane() for _ in range(count)]
        for record in sorted(records, key=lambda record: int(record["SequenceNumber"])):
            self.find_lane(record).add(record, now)

    def read(self, kinesis, now):
        """Read what is new on the shard."""
        if self.iterator is None:
            return
        response = kinesis.get_records(ShardIterator=self.iterator, Limit=AT_ONCE)
        self.iterator = response.get("NextShardIterator")
        for record in response["Records"]:
            self.find_lane(record).add(record, now)


class Stream:
    """A stream, as a mapping follows it. One that was deleted and made again is another one.

    created: when it was made. shards: {name: Shard}.
    """

    def __init__(self, created):
        self.created = created
        self.shards = {}

    def is_next(self, shard):
        """Return whether a shard can be read: all is done that is on those from which it came."""
        parents = [self.shards[name] for name in shard.parents if name in self.shards]
        return all(parent.is_done() for parent in parents)

    def is_gathering(self):
        """Return whether there are records that wait for more, to be one batch."""
        return any(lane.is_gathering() for shard in [*self.shards.values()] for lane in shard.lanes)
