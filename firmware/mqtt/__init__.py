"""The broker's side: Readings and topics; no frame, no UART."""
