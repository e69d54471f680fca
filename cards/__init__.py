"""Cards: releases make data set cards, reports and provenance."""
