from edgeops.notifications import messages


def test_a_message_says_what_happened_why_and_where_to_look(routed, observe, now):
    delivery = observe([1, 9, 9], now)[0]
    message = messages.compose(delivery)
    assert message.subject == "[ALARM] Slow handler (Products API)"
    assert "went from OK to ALARM at 2026-11-22 12:00 UTC" in message.text
    assert "2 of 3 datapoints > 5; 2 needed to alarm" in message.text
    assert "Duration p95 of Lambda products-handler > 5 for 2 of 3" in message.text
    assert message.payload == {
        "type": "alarm.state_changed",
        "timestamp": "2026-11-22T12:00:00+00:00",
        "data": {
            "alarm": "Slow handler",
            "api": "products",
            "state": "ALARM",
            "previous": "OK",
            "reason": "2 of 3 datapoints > 5; 2 needed to alarm",
            "observed_at": "2026-11-22T12:00:00+00:00",
            "url": f"http://127.0.0.1:8000/alarms/{routed.pk}/",
        },
    }
    assert messages.compose(delivery) == message
