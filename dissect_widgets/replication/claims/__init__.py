"""Claims of the papers, each with a criterion fixed beforehand; a file for each paper."""
