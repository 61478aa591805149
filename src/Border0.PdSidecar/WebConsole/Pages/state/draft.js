// A policy on its way from the editor to the tester, saved or not.
let draft = null;

export function testDraft(policy) {
  draft = structuredClone(policy);
}

export function draftToTest() {
  return draft;
}
