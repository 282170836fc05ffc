"""What changes settlement: runs computed, posted and final; withdrawals relayed."""
