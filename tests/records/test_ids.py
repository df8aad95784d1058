from uuid import RFC_4122, UUID

import pytest

from records.ids import uuid7, uuid7_texts


def test_a_uuid7_has_its_version_and_variant_and_grows_with_time() -> None:
    made = [uuid7() for _ in range(2000)]
    assert {(value.version, value.variant) for value in made} == {(7, RFC_4122)}
    milliseconds = [value.int >> 80 for value in made]
    assert milliseconds == sorted(milliseconds)
    assert len(set(made)) == len(made)


def test_texts_of_uuid7_are_uuid7s_in_order() -> None:
    texts = uuid7_texts(4096)
    made = [UUID(text) for text in texts]
    assert {(value.version, value.variant) for value in made} == {(7, RFC_4122)}
    assert [str(value) for value in made] == texts
    assert made == sorted(set(made))
    with pytest.raises(ValueError, match="4097"):
        uuid7_texts(4097)
