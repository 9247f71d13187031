"use strict";
/*
 * Light, dark, or the system's choice. There is one dark palette, in a media rule of the style sheets; this sets when
 * the rule applies. Runs before the first paint; `pgfaTheme.set(choice)` changes the theme and fires "pgfa-theme".
 */
const pgfaTheme = (() => {
  const MEDIA = { system: "(prefers-color-scheme: dark)", light: "not all", dark: "all" };
  const KEY = "pgfa-theme";
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSMediaRule && rule.media.mediaText.includes("prefers-color-scheme"));
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };

  function set(choice) {
    const theme = choice in MEDIA ? choice : "system";
    for (const rule of rules) rule.media.mediaText = MEDIA[theme];
    document.documentElement.style.colorScheme = theme === "system" ? "" : theme;
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem(KEY, theme); } catch { /* a browser without storage */ }
    document.dispatchEvent(new Event("pgfa-theme"));
  }
  set(stored() ?? "system");
  return { set, get choice() { return document.documentElement.dataset.theme; } };
})();
