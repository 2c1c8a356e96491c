"""Account, reserved and provisioned concurrency: arithmetic only."""
