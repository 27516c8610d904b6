"""What we claim, as commands that print it. Each runs the peer beside us in the same run and quotes a
ratio.
"""
