"""`./watt watch`: a home or a third party checks every own statement as it is posted, alerts, and can claim."""
