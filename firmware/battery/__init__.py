"""The battery's side: UART bytes and Readings; no topic, no JSON. What goes wrong is the same in both dialects."""


class NoReply(Exception):
    """No reply that answers the question, in any attempt; the text says what came instead."""


class ReturnCode(Exception):
    """The battery answered with an RTN other than normal, or normally and without the data asked for."""

    def __init__(self, code):
        super().__init__("RTN %02XH" % code)
        self.code = code
