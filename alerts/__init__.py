"""Judgement out: plain functions of plain values; no clock, no network, no database."""
