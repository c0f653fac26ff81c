/** Diagnostics of characters and syntax: A0 and A1. */
import type { CatalogueEntry } from "./entry.js";

export const textDiagnostics = {
  A0001: {
    severity: "error",
    title: "unknown character",
    message: "{character} is not part of the language here",
    explanation:
      "The text holds a character that no word, number or sign of the language has, often one that was pasted from a document. Delete it, or put it in a string.",
  },
  A0002: {
    severity: "error",
    title: "unterminated string",
    message: "this string has no closing quotation mark",
    explanation:
      "A string ends on the line on which it begins. Close it with a quotation mark, and write a line break inside of it as `\\n`.",
  },
  A0003: {
    severity: "error",
    title: "bad escape",
    message: "{escape} is not an escape sequence",
    explanation:
      'The escapes of strings are `\\"`, `\\\\`, `\\n`, `\\t`, `\\r` and `\\u00e9` with four hexadecimal digits. Write a backslash that is meant as itself twice.',
  },
  A0004: {
    severity: "error",
    title: "malformed number",
    message: "{text} is not a number",
    explanation:
      "Numbers are written as 16, 0.5, 1e-10 or 100k. A place begins with L, and a name does not begin with a digit.",
  },
  A1001: {
    severity: "error",
    title: "syntax error",
    message: "expected {expected}, found {found}",
    explanation:
      "The statement cannot be read from here on. `atlasc doc` with the word that it begins with shows its form.",
  },
  A1002: {
    severity: "error",
    title: "unknown statement",
    message: "no statement starts with {word}",
    explanation:
      "Every statement begins with a word of its own, such as model, experiment, measure or plot. `atlasc doc statements` lists them.",
  },
  A1003: {
    severity: "error",
    title: "given twice",
    message: "{what} is given twice",
    explanation: "A clause, option or test can be written once in a statement. Take one of the two away.",
  },
  A1004: {
    severity: "error",
    title: "option does not apply",
    message: "{what} has no meaning in {statement}",
    explanation:
      "The option exists, but not for what it is written with here. Take it away, or use the statement that has it: `atlasc doc` with the option's name says which.",
  },
  A1005: {
    severity: "error",
    title: "nested too deeply",
    message: "this is nested more than {limit} deep",
    explanation:
      "Parentheses, brackets or operators stand inside one another too often to be read safely. Give parts of the expression names with `let`.",
  },
  A1006: {
    severity: "error",
    title: "number out of range",
    message: "{text} is {fault}: the {limit}",
    explanation:
      "Numbers are held as float64, which ends at 1.8e308 and, towards 0, at 2.2e-308. Write one inside of that range, or 0.",
  },
  A1007: {
    severity: "error",
    title: "whole number that is not exact",
    message: "{text} cannot be represented exactly: it would become {value}",
    explanation:
      "Whole numbers beyond 2^53 are not all exact, and this one would silently become another. Write one that is exact, or use an exponent.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
