/**
 * Where a module is, as an argument.
 */
import { invalid } from "../invalid.ts"

/** Throws `InvalidOption` for what is no absolute URL. */
export const urlOf = (url: string): string => {
  if (typeof url === "string" && URL.canParse(url)) return url
  throw invalid("url", "the import.meta.url of a module", url)
}
