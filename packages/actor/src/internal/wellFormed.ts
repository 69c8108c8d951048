/** The text, with U+FFFD for each lone surrogate, which no encoding of ours has. */
export const wellFormed = (text: string): string => text.toWellFormed()
