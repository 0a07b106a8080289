//! What keeps a finding out of the report: inline markers, configured allowances, the baseline. Pure.
