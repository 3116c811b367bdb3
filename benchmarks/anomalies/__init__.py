"""Detection of anomalies on series of our own making, beside simple published detectors."""
