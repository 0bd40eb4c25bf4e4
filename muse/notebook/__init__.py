"""What a notebook is: cells, identity, noise and the outputs they produced."""
