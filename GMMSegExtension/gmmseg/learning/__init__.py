"""The training loop: any lessons, exact to resume after a kill, in one process or several."""
