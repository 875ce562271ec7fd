/** Characters that SASLprep takes out (RFC 3454 B.1). */
const NOTHING = /[\u00AD\u1806\u200B-\u200D\u2060\uFEFF]|\u034F|[\u180B-\u180D]|[\uFE00-\uFE0F]/gu;
/** Spaces other than that of ASCII (C.1.2). */
const SPACES = /(?! )\p{Zs}/gu;
/** Control characters, private use, surrogates, non-characters, and what is not for plain text (C.2 to C.9). */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u06DD\u070F\u180E\u200E\u200F\u2028\u2029\u202A-\u202E\u2061-\u2063\u206A-\u206F\u2FF0-\u2FFB\uFFF9-\uFFFD\u{1D173}-\u{1D17A}\u{E0001}\u{E0020}-\u{E007F}]|[\u0340-\u0341]/u;

/**
 * Prepares a user name or password so that equal ones are equal bytes (RFC 4013, as RFC 5802 asks):
 * compatibility forms are one, odd spaces are spaces. The rule on mixed writing directions, which only
 * refuses and never changes anything, is left to the client.
 * @returns undefined for text that is not allowed, or is empty
 */
export function saslprep(text: string): string | undefined {
  const prepared = text.replace(NOTHING, '').replace(SPACES, ' ').normalize('NFKC');
  return prepared === '' || PROHIBITED.test(prepared) ? undefined : prepared;
}
