//! The pipeline: source, detector, path stage, suppression, findings, reports. The only module that knows the order.
