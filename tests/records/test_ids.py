from uuid import RFC_4122

from records.ids import uuid7


def test_a_uuid7_has_its_version_and_variant_and_grows_with_time() -> None:
    made = [uuid7() for _ in range(2000)]
    assert {(value.version, value.variant) for value in made} == {(7, RFC_4122)}
    milliseconds = [value.int >> 80 for value in made]
    assert milliseconds == sorted(milliseconds)
    assert len(set(made)) == len(made)
