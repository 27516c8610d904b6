"""What may leave this machine: every request to a hosted model is built, checked and written down here.

It opens no connection. Whoever does (inference/cloud) can only send what request.py made.
"""
