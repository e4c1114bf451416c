"""What is asked of the replicas over time, and how fast one of them answers: traces, queue, measured speed."""
