"""The numbers of a wave as they leave by the API."""

from typing import Any

from rest_framework import serializers


class PeopleSerializer(serializers.Serializer[Any]):
    registered = serializers.IntegerField()
    joined = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    ineligible = serializers.IntegerField(help_text="Turned away by a list after they had registered.")
    total = serializers.IntegerField()


class ClusterNumbersSerializer(serializers.Serializer[Any]):
    """A person who fits several clusters is counted in each of them."""

    cluster = serializers.CharField()
    people = PeopleSerializer()
    places = serializers.IntegerField(allow_null=True, help_text="In the split in force; null while there is none.")
    seats = serializers.IntegerField(help_text="Of the classes.")


class RegencyNumbersSerializer(serializers.Serializer[Any]):
    regency = serializers.IntegerField()
    people = PeopleSerializer()
    places = serializers.IntegerField(allow_null=True)
    seats = serializers.IntegerField()


class StatisticsSerializer(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField(help_text="When this was read.")
    wave = serializers.CharField()
    people = PeopleSerializer(help_text="Of the regencies of the asker's scope.")
    places = serializers.IntegerField(allow_null=True)
    seats = serializers.IntegerField()
    placed = serializers.IntegerField(allow_null=True, help_text="By the draw; null before it.")
    clusters = ClusterNumbersSerializer(many=True)
    regencies = RegencyNumbersSerializer(many=True)
