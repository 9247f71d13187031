/*
 * The filled areas of one row of the timeline, as the path of an SVG of the recording's length in seconds and height 100.
 *
 *   area(times, windows, length, column, included)   a separate area for every run of windows that `included` accepts
 */
const HEIGHT = 100;
const rounded = (value) => Math.round(value * 1000) / 1000;

export function area(times, windows, length, column, included) {
  const middle = (first, second) => (times[first] + times[second]) / 2;
  const level = (index) => HEIGHT - windows[index][column] * HEIGHT;
  const joint = (first, second) => (windows[first] && windows[second] ? (level(first) + level(second)) / 2 : level(windows[first] ? first : second));
  let path = "";
  for (let start = 0; start < windows.length; start++) {
    if (!windows[start] || !included(start)) continue;
    let end = start;
    while (end + 1 < windows.length && windows[end + 1] && included(end + 1)) end++;
    const isLast = end + 1 >= windows.length;
    const left = start ? middle(start - 1, start) : 0, right = isLast ? length : middle(end, end + 1);
    path += `M${rounded(left)} ${HEIGHT}L${rounded(left)} ${rounded(start ? joint(start, start - 1) : level(start))}`;
    for (let index = start; index <= end; index++) path += `L${rounded(times[index])} ${rounded(level(index))}`;
    path += `L${rounded(right)} ${rounded(isLast ? level(end) : joint(end, end + 1))}L${rounded(right)} ${HEIGHT}Z`;
    start = end;
  }
  return path;
}
