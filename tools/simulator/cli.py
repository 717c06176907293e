"""The command line of the simulated battery."""

def main():
    return 0
