"""How senders prove themselves: one module for each way, all behind `seam.Scheme`.

An endpoint has one scheme, chosen when it is made; which headers a post brings never decides how it is judged.
"""
