"use strict";
/*
 * Light, dark, or as the system says. There is one dark palette, in a media rule of the style sheets; this says when it
 * holds. Runs before anything is painted; `pgfaTheme.set(choice)` changes it, and "pgfa-theme" is then fired.
 */
const pgfaTheme = (() => {
  const WHEN = { system: "(prefers-color-scheme: dark)", light: "not all", dark: "all" };
  const KEY = "pgfa-theme";
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSMediaRule && rule.media.mediaText.includes("prefers-color-scheme"));
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };

  function set(choice) {
    const known = choice in WHEN ? choice : "system";
    for (const rule of rules) rule.media.mediaText = WHEN[known];
    document.documentElement.style.colorScheme = known === "system" ? "" : known;
    document.documentElement.dataset.theme = known;
    try { localStorage.setItem(KEY, known); } catch { /* a browser that keeps nothing */ }
    document.dispatchEvent(new Event("pgfa-theme"));
  }
  set(stored() ?? "system");
  return { set, get choice() { return document.documentElement.dataset.theme; } };
})();
