// SPDX-License-Identifier: Apache-2.0
#include "cli/redact.h"

#include <QRegularExpression>

#include <algorithm>

namespace dyad::cli {

namespace {

// The keys whose values are secrets, wherever they stand; then the value, quoted or not.
const QRegularExpression& named() {
    static const QRegularExpression pattern(
        QStringLiteral("((?:[\\w.-]*(?:password|passwd|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|"
                       "cluster[_-]?key|chap[_-]?key)|pwd|authorization)[\"']?\\s*(?:=|:)\\s*(?:bearer\\s+)?)"
                       "(\"(?:[^\"\\\\\\n]|\\\\.)*\"|'[^'\\n]*'|[^\\s,;&\"'}\\]]+)"),
        QRegularExpression::CaseInsensitiveOption);
    return pattern;
}
const QRegularExpression& urlUser() {
    static const QRegularExpression pattern(QStringLiteral("([a-z][a-z0-9+.-]*://[^\\s/@\"'%:]+[%:])([^\\s/@\"']+)(@)"),
                                            QRegularExpression::CaseInsensitiveOption);
    return pattern;
}
const QRegularExpression& pem() {
    static const QRegularExpression pattern(
        QStringLiteral("-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\\z)"),
        QRegularExpression::DotMatchesEverythingOption);
    return pattern;
}

QByteArray unquoted(QByteArray value) {
    if (value.size() >= 2 && (value.startsWith('"') || value.startsWith('\'')) && value.back() == value.front())
        value = value.mid(1, value.size() - 2);
    return value;
}

// "…_file" names where a secret is kept, which is no secret.
bool isPath(const QByteArray& value) { return value.startsWith('/'); }

} // namespace

void Redactor::know(const QByteArray& secret) {
    for (const QByteArray& part : secret.split('\n') + QByteArrayList{secret}) {
        const QByteArray value = part.trimmed();
        if (value.size() < shortestSecret || value.startsWith("-----") || value == redacted) continue;
        if (std::find(m_known.begin(), m_known.end(), value) == m_known.end()) m_known.push_back(value);
    }
    std::sort(m_known.begin(), m_known.end(),
              [](const QByteArray& a, const QByteArray& b) { return a.size() > b.size(); });
}

void Redactor::learnFrom(const QByteArray& text) {
    const QString words = QString::fromUtf8(text);
    for (auto each = named().globalMatch(words); each.hasNext();) {
        const QByteArray value = unquoted(each.next().captured(2).toUtf8());
        if (!isPath(value)) know(value);
    }
    for (auto each = urlUser().globalMatch(words); each.hasNext();)
        know(each.next().captured(2).toUtf8());
}

QByteArray Redactor::clean(QByteArray text) const {
    for (const QByteArray& secret : m_known)
        text.replace(secret, redacted);
    QString words = QString::fromUtf8(text);
    words.replace(pem(), QString::fromLatin1(redacted));
    words.replace(urlUser(), QStringLiteral("\\1%1\\3").arg(QLatin1String(redacted)));
    QString cleaned;
    qsizetype done = 0;
    for (auto each = named().globalMatch(words); each.hasNext();) {
        const QRegularExpressionMatch match = each.next();
        if (isPath(unquoted(match.captured(2).toUtf8()))) continue;
        const QString quote = match.captured(2).startsWith(QLatin1Char('"')) ? QStringLiteral("\"") : QString();
        cleaned += words.mid(done, match.capturedStart(2) - done) + quote + QLatin1String(redacted) + quote;
        done = match.capturedEnd(2);
    }
    return (cleaned + words.mid(done)).toUtf8();
}

bool Redactor::finds(const QByteArray& bytes) const {
    return std::any_of(m_known.begin(), m_known.end(),
                       [&](const QByteArray& secret) { return bytes.contains(secret); });
}

} // namespace dyad::cli
