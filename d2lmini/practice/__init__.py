"""Judges for the book's exercises: `mark` says how far an answer is right and what kind of mistake is in it."""

from d2lmini.practice.judge import Exercise, Verdict, mark, numbers, problem

__all__ = ["Exercise", "Verdict", "mark", "numbers", "problem"]
