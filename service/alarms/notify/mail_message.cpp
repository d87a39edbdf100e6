// SPDX-License-Identifier: Apache-2.0
#include "alarms/notify/mail_message.h"

#include <QCryptographicHash>
#include <QDateTime>

#include <algorithm>

namespace dyad::alarms {

namespace {

constexpr qsizetype encodedLine = 76; // RFC 2045, 6.8

// A header can't be broken out of: what isn't printable ASCII is not put into one.
QByteArray headerText(const std::string& text) {
    QByteArray bytes = QByteArray::fromStdString(text);
    std::replace_if(
        bytes.begin(), bytes.end(), [](char each) { return each < 0x20 || each > 0x7e; }, '?');
    return bytes;
}

QByteArray inLines(const QByteArray& encoded) {
    QByteArray lines;
    for (qsizetype at = 0; at < encoded.size(); at += encodedLine)
        lines += encoded.mid(at, encodedLine) + "\r\n";
    return lines;
}

} // namespace

QByteArray mailMessage(const Notice& notice, const std::string& from, const std::vector<std::string>& to,
                       const QByteArray& id, std::int64_t nowWallClockMs) {
    const QByteArray domain = headerText(notice.node.empty() ? std::string("dyad") : notice.node) + ".dyad";
    const QByteArray story = QCryptographicHash::hash(
        QByteArray::fromStdString(notice.cluster + '/' + notice.node + '/' + notice.alarm), QCryptographicHash::Sha256);
    const QByteArray root = "<" + story.left(12).toHex() + "@" + domain + ">";
    QByteArray recipients;
    for (const std::string& each : to)
        recipients += (recipients.isEmpty() ? "" : ",\r\n ") + headerText(each);
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(nowWallClockMs);
    QByteArray message = "From: " + headerText(from) + "\r\n";
    message += "To: " + recipients + "\r\n";
    message += "Subject: " + headerText(headlineOf(notice)) + "\r\n";
    message += "Date: " + now.toString(Qt::RFC2822Date).toLatin1() + "\r\n";
    message += "Message-ID: <" + id + "@" + domain + ">\r\n";
    message += "In-Reply-To: " + root + "\r\nReferences: " + root + "\r\n";
    message += "Auto-Submitted: auto-generated\r\n"; // RFC 3834: no answer of a machine is wanted
    if (notice.raised && notice.severity == model::Severity::Critical) message += "Importance: high\r\n";
    message +=
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    return message + inLines(QByteArray::fromStdString(bodyOf(notice)).toBase64());
}

} // namespace dyad::alarms
