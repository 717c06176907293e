"""The battery's side: UART bytes and Readings; no topic, no JSON."""
