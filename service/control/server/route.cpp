// SPDX-License-Identifier: Apache-2.0
#include "control/server/route.h"

#include "control/protocol/object_reader.h"

#include <limits>

namespace dyad::control {

Response errorResponse(unsigned status, const Error& error) { return jsonResponse(toJson(error), status); }

Response jsonResponse(const QJsonObject& object, unsigned status) {
    return Response{.status = status, .body = toLine(object) + '\n'};
}

void Call::answer(const QJsonObject& object, unsigned status) const { answer(jsonResponse(object, status)); }

void Call::refuse(unsigned status, const Error& error) const { answer(errorResponse(status, error)); }

std::optional<std::uint64_t> Call::number(const char* field, std::uint64_t fallback) const {
    const QString said = query.queryItemValue(QLatin1String(field));
    if (said.isEmpty()) return fallback;
    bool good = false;
    const qulonglong number = said.toULongLong(&good);
    if (!good || number > static_cast<qulonglong>(std::numeric_limits<qint64>::max())) return std::nullopt;
    return number;
}

std::string Call::text(const char* field) const {
    return query.queryItemValue(QLatin1String(field), QUrl::FullyDecoded).toStdString();
}

std::string Call::pathText() const { return QString::fromLatin1(request.target.left(200)).toStdString(); }

} // namespace dyad::control
