"""The one style sheet of muse's HTML, sent along with every document.

Everything is below `.muse-doc`, doubled so that it outweighs what a front end does to tables and code in
its outputs. Colours come from the theme: JupyterLab's variables, else VS Code's, else our own, which follow
the system's light or dark setting; background and text come from the same source, so the text can always be
read. Tints are transparent, and so fit any theme. Where a front end strips styles, the HTML underneath
still reads well.
"""

from __future__ import annotations

_SHEET = """
.muse-doc {
  --muse-own-bg: #fff; --muse-own-fg: #1f2328; --muse-own-soft: #59636e;
  --muse-own-green: #1a7f37; --muse-own-red: #cf222e; --muse-own-amber: #bf6a02;
  --muse-own-blue: #0969da;
}
@media (prefers-color-scheme: dark) { .muse-doc {
  --muse-own-bg: #16191d; --muse-own-fg: #e6edf3; --muse-own-soft: #9198a1;
  --muse-own-green: #3fb950; --muse-own-red: #f85149; --muse-own-amber: #d29922;
  --muse-own-blue: #4493f8;
} }
.muse-doc {
  --muse-bg: var(--jp-layout-color0, var(--vscode-editor-background, var(--muse-own-bg)));
  --muse-fg: var(--jp-content-font-color1, var(--vscode-editor-foreground, var(--muse-own-fg)));
  --muse-soft: var(--jp-content-font-color2, var(--vscode-descriptionForeground, var(--muse-own-soft)));
  --muse-green: var(--jp-success-color1, var(--vscode-charts-green, var(--muse-own-green)));
  --muse-red: var(--jp-error-color1, var(--vscode-charts-red, var(--muse-own-red)));
  --muse-amber: var(--jp-warn-color1, var(--vscode-charts-orange, var(--muse-own-amber)));
  --muse-blue: var(--jp-brand-color1, var(--vscode-charts-blue, var(--muse-own-blue)));
  --muse-add-line: var(--vscode-diffEditor-insertedLineBackground, rgba(63, 185, 80, 0.16));
  --muse-add-word: var(--vscode-diffEditor-insertedTextBackground, rgba(63, 185, 80, 0.38));
  --muse-del-line: var(--vscode-diffEditor-removedLineBackground, rgba(248, 81, 73, 0.14));
  --muse-del-word: var(--vscode-diffEditor-removedTextBackground, rgba(248, 81, 73, 0.38));
  --muse-line: color-mix(in srgb, var(--muse-fg) 16%, transparent);
  --muse-tint: color-mix(in srgb, var(--muse-fg) 4%, transparent);
  --muse-mono: var(--jp-code-font-family, var(--vscode-editor-font-family, ui-monospace, Menlo, Consolas,
    "DejaVu Sans Mono", monospace));
  background: var(--muse-bg); color: var(--muse-fg); padding: 4px 6px; border-radius: 4px;
  font: 13px/1.5 var(--jp-ui-font-family, var(--vscode-font-family, system-ui, sans-serif));
  overflow-wrap: anywhere;
}
M .muse-line { white-space: pre-wrap; }
M .muse-heading { white-space: pre-wrap; margin: 10px 0 2px; }
M .muse-heading:nth-child(2) { margin-top: 0; }
M .muse-hint { color: var(--muse-soft); margin-top: 4px; }
M .muse-notice { margin: 0 0 6px; padding: 3px 10px; border-left: 3px solid var(--muse-amber);
  border-radius: 3px; background: color-mix(in srgb, var(--muse-amber) 14%, transparent); }
M .muse-code { font: 12px/1.5 var(--muse-mono); color: inherit; padding: 1px 4px; border-radius: 4px;
  background: color-mix(in srgb, var(--muse-fg) 9%, transparent); white-space: pre-wrap; }
M .muse-heading > b, M .muse-strong { font-weight: 600; }
M .muse-dim { font-weight: normal; color: var(--muse-soft); }
M .muse-id, M .muse-path { font-family: var(--muse-mono); font-size: 12px; }
M .muse-id { color: color-mix(in srgb, var(--muse-blue) 80%, var(--muse-fg)); }
M .muse-branch { font-weight: 600; color: color-mix(in srgb, var(--muse-green) 75%, var(--muse-fg)); }
M .muse-added { color: color-mix(in srgb, var(--muse-green) 75%, var(--muse-fg)); }
M .muse-removed { color: color-mix(in srgb, var(--muse-red) 80%, var(--muse-fg)); }
M .muse-changed, M .muse-warning { color: color-mix(in srgb, var(--muse-amber) 70%, var(--muse-fg)); }
M .muse-error { font-weight: 600; color: color-mix(in srgb, var(--muse-red) 80%, var(--muse-fg)); }
M .muse-table { border-collapse: collapse; margin: 2px 0; font: inherit; color: inherit; }
M .muse-table tr { background: none; border: none; }
M .muse-table thead { border: none; }
M .muse-table th, M .muse-table td { text-align: left; vertical-align: baseline; border: none;
  padding: 2px 18px 2px 0; line-height: inherit; }
M td .muse-id, M td .muse-dim, M td .muse-branch { white-space: nowrap; }
M td .muse-added, M td .muse-removed { font: 12px/1.5 var(--muse-mono); white-space: nowrap; }
M .muse-table th { font-weight: normal; color: var(--muse-soft); border-bottom: 1px solid var(--muse-line); }
M .muse-section { margin: 8px 0; border: 1px solid var(--muse-line); border-radius: 6px; overflow: hidden; }
M .muse-section > summary { white-space: pre-wrap; cursor: pointer; padding: 3px 10px; font-weight: 600;
  background: var(--muse-tint); }
M .muse-section[open] > summary { border-bottom: 1px solid var(--muse-line); }
M .muse-inside { padding: 6px 10px; }
M .muse-cell { margin: 0 0 12px; }
M .muse-cell:last-child { margin-bottom: 2px; }
M .muse-title { margin-bottom: 3px; }
M .muse-badge { display: inline-block; padding: 0 7px; margin-left: 2px; border-radius: 9px; font-size: 11px;
  line-height: 17px; font-weight: 500; }
M .muse-badge.muse-added { background: color-mix(in srgb, var(--muse-green) 18%, transparent); }
M .muse-badge.muse-removed { background: color-mix(in srgb, var(--muse-red) 18%, transparent); }
M .muse-badge.muse-changed { background: color-mix(in srgb, var(--muse-amber) 18%, transparent); }
M .muse-label { color: var(--muse-soft); font-size: 12px; margin: 6px 0 2px; }
M pre.muse-lines { font: 12px/1.5 var(--muse-mono); color: inherit; background: none; margin: 2px 0 4px;
  padding: 0; border: none; border-radius: 4px; overflow: hidden; white-space: pre-wrap; tab-size: 4; }
M .muse-row { display: block; padding: 0 10px 0 calc(10px + 2ch); text-indent: -2ch;
  background: var(--muse-tint); }
M .muse-whole { padding: 0 10px; text-indent: 0; }
M .muse-sign { color: var(--muse-soft); user-select: none; }
M .muse-add { background: var(--muse-add-line); }
M .muse-del { background: var(--muse-del-line); }
M .muse-at, M .muse-note { color: var(--muse-soft); }
M .muse-row > b { font-weight: inherit; border-radius: 3px; }
M .muse-add > b { background: var(--muse-add-word); }
M .muse-del > b { background: var(--muse-del-word); }
M .muse-pictures { display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start; }
M .muse-figure { margin: 0 0 4px; flex: 0 1 auto; max-width: calc(50% - 6px); }
M .muse-figure img { display: block; box-sizing: border-box; max-width: 100%; max-height: 340px; margin: 0;
  padding: 4px; background: #fff; border: 1px solid var(--muse-line); border-radius: 4px; }
M .muse-figure figcaption { color: var(--muse-soft); font-size: 12px; }
"""

#: Everything one document needs, on one line.
SHEET = " ".join(_SHEET.replace("M .", ".muse-doc.muse-doc .").replace("M ", ".muse-doc.muse-doc ").split())
