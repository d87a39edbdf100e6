// SPDX-License-Identifier: Apache-2.0
#include "lab/picture.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

namespace dyad::lab {

namespace {

constexpr double width = 960, left = 30, right = 290, rowHeight = 26, top = 78;

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

// Axis marks at 1, 2 or 5 times a power of ten, about eight of them.
double axisStep(double span) {
    double step = 1;
    for (const double factor : {2.0, 2.5, 2.0}) {
        if (span / step <= 8) return step;
        step *= factor;
    }
    return span / step <= 8 ? step : 10 * axisStep(span / 10);
}

} // namespace

std::string timeLinePicture(const StepReport& report) {
    if (report.moments.empty()) return {};
    const auto after = [&](Instant at) { return milliseconds(at - report.zero); };
    const auto [earliest, latest] = std::minmax_element(report.moments.begin(), report.moments.end(),
                                                        [](const Moment& a, const Moment& b) { return a.at < b.at; });
    const double from = std::min(0.0, after(earliest->at));
    const double to = std::max(1.0, after(latest->at));
    const auto x = [&](double ms) { return left + (ms - from) / (to - from) * (width - left - right); };
    const double bottom = top + rowHeight * static_cast<double>(report.moments.size());

    std::ostringstream out;
    out << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << number(width) << ' ' << number(bottom + 74)
        << "\" font-family=\"sans-serif\" font-size=\"14\">\n"
        << "<style>text{fill:#222}.axis{stroke:#999}.bar{fill:#d9480f}.gap{fill:#ffe8cc}.mark{fill:#1864ab}.quiet{fill:"
           "#666}"
           "@media(prefers-color-scheme:dark){text{fill:#eee}.gap{fill:#5c3a1e}.mark{fill:#74c0fc}.quiet{fill:#aaa}}</"
           "style>\n"
        << "<text x=\"" << number(left) << "\" y=\"26\" font-size=\"18\">" << report.title << "</text>\n"
        << "<text x=\"" << number(left)
        << "\" y=\"48\" class=\"quiet\">milliseconds after the fault; orange: no client is served ("
        << number(milliseconds(report.gap.longest)) << " ms); " << report.ledger.acknowledged << " rows acknowledged, "
        << report.ledger.found << " found</text>\n";
    const double gapFrom = std::max(from, after(report.gap.from));
    const double gapTo = std::min(to, after(report.gap.to));
    if (gapTo > gapFrom)
        out << "<rect class=\"gap\" x=\"" << number(x(gapFrom)) << "\" y=\"" << number(top - 14) << "\" width=\""
            << number(x(gapTo) - x(gapFrom)) << "\" height=\"" << number(bottom - top + 14) << "\"/>\n";
    double y = top;
    for (const Moment& moment : report.moments) {
        const double at = x(after(moment.at));
        out << "<line class=\"axis\" stroke-dasharray=\"2 3\" x1=\"" << number(at) << "\" x2=\"" << number(at)
            << "\" y1=\"" << number(y) << "\" y2=\"" << number(bottom) << "\"/><circle class=\"mark\" r=\"5\" cx=\""
            << number(at) << "\" cy=\"" << number(y) << "\"/>"
            << "<text x=\"" << number(at + 10) << "\" y=\"" << number(y + 5) << "\">" << number(after(moment.at))
            << "  " << moment.words << "</text>\n";
        y += rowHeight;
    }
    out << "<line class=\"axis\" x1=\"" << number(left) << "\" x2=\"" << number(width - right) << "\" y1=\""
        << number(bottom) << "\" y2=\"" << number(bottom) << "\"/>\n";
    for (double mark = 0; mark <= to; mark += axisStep(to))
        out << "<text class=\"quiet\" text-anchor=\"middle\" x=\"" << number(x(mark)) << "\" y=\""
            << number(bottom + 20) << "\">" << static_cast<long>(mark) << "</text>\n";
    out << "</svg>\n";
    return out.str();
}

} // namespace dyad::lab
