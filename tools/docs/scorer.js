// The order in which the search lists what it finds: the pages of users first, then the chips, then the rooms, and the
// changelog last. The numbers below `score` are those of Sphinx, which a file of one's own must repeat.

const BONUS = [
  [/^docs\/(command|api)_reference$/, 0],
  [/^docs\/questions$/, 7],
  [/^docs\//, 6],
  [/^emulator\/\w+\/README$/, 6],
  [/^CHANGELOG$/, -4],
];

var Scorer = {
  score: ([docname, , , , score]) => score + (BONUS.find(([pages]) => pages.test(docname)) ?? [null, 0])[1],
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
