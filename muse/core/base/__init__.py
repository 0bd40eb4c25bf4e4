"""What everything uses: errors, names, digests, times, how bytes are read; nothing here touches a disk."""
