"""Why the program does not start: one sentence for a person, never a traceback."""


class StartRefused(Exception):  # noqa: N818 - a refusal that is told, not a defect
    """The environment lacks something the program needs.

    Args:
        sentence: what is wrong and what helps, in words that end on a terminal as they are.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
