"""The emitters: from a workflow to the files of one engine."""
