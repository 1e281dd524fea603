"""Reads a topic of Parley with Confluent's own client and Avro deserialiser: nothing of Parley's is needed but the topic and the registry.

    pip install 'confluent-kafka[avro]==2.16.1'
    python3 stock-consumer.py --brokers HOST:PORT --registry URL --topic chat.messages [--since MILLISECONDS]

Prints one JSON object a record, and ends where the topic ended when it began.
"""
import argparse
import base64
import json
import uuid

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def plain(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(type(value))


options = argparse.ArgumentParser()
options.add_argument("--brokers", required=True)
options.add_argument("--registry", required=True)
options.add_argument("--topic", required=True)
options.add_argument("--since", type=int, default=0)
given = options.parse_args()

deserialize = AvroDeserializer(SchemaRegistryClient({"url": given.registry}))
consumer = Consumer(
    {"bootstrap.servers": given.brokers, "group.id": f"stock.{uuid.uuid4()}", "enable.auto.commit": False}
)
partitions = consumer.list_topics(given.topic, timeout=20).topics[given.topic].partitions
ends = {}
for number in partitions:
    _, end = consumer.get_watermark_offsets(TopicPartition(given.topic, number), timeout=20)
    ends[number] = end
starts = consumer.offsets_for_times([TopicPartition(given.topic, number, given.since) for number in partitions], timeout=20)
# An offset below 0 says that nothing is as young as that.
left = {one.partition: one.offset for one in starts if 0 <= one.offset < ends[one.partition]}
consumer.assign([TopicPartition(given.topic, number, offset) for number, offset in left.items()])
while left:
    message = consumer.poll(20)
    if message is None:
        raise SystemExit("nothing came for 20 s")
    if message.error():
        raise SystemExit(str(message.error()))
    number, offset = message.partition(), message.offset()
    if offset >= ends[number]:
        left.pop(number, None)
        continue
    value = deserialize(message.value(), SerializationContext(given.topic, MessageField.VALUE))
    place = {"partition": number, "offset": offset, "timestamp_ms": message.timestamp()[1]}
    print(json.dumps({**place, "key": message.key().decode(), "value": value}, default=plain))
    if offset + 1 >= ends[number]:
        left.pop(number, None)
consumer.close()
