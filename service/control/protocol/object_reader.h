// SPDX-License-Identifier: Apache-2.0
// Reads one JSON object field by field. The first field that is missing or of the wrong kind is remembered with its
// path ("view.groups[0].epoch"); everything read after that is a default, so that the caller checks once, at the end.
// Fields that nobody asks for are ignored: a newer service may say more than an older client knows.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QString>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dyad::control {

class ObjectReader {
public:
    // `error` outlives the reader and is shared by the readers of the objects inside.
    ObjectReader(const QJsonObject& object, QString path, std::optional<Error>& error)
        : m_object(object), m_path(std::move(path)), m_error(error) {}

    [[nodiscard]] std::string text(const char* name);
    [[nodiscard]] bool has(const char* name) const { return m_object.contains(QLatin1String(name)); }
    // A field that an older service doesn't know.
    [[nodiscard]] std::string textOr(const char* name, const char* fallback) {
        return m_object.contains(QLatin1String(name)) ? text(name) : std::string(fallback);
    }
    [[nodiscard]] std::int64_t integerOr(const char* name, std::int64_t fallback) {
        return m_object.contains(QLatin1String(name)) ? integer(name) : fallback;
    }
    [[nodiscard]] bool boolean(const char* name);
    [[nodiscard]] double number(const char* name);
    [[nodiscard]] std::int64_t integer(const char* name, std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                                       std::int64_t greatest = std::numeric_limits<std::int64_t>::max());
    [[nodiscard]] std::uint64_t count(const char* name) { return static_cast<std::uint64_t>(integer(name, 0)); }
    [[nodiscard]] Instant instant(const char* name) { return Instant::fromNanoseconds(integer(name)); }

    // One of `values`, by the word that toText() gives it.
    template <typename Value>
    [[nodiscard]] Value word(const char* name, std::span<const Value> values) {
        const std::string said = text(name);
        for (const Value value : values)
            if (said == toText(value)) return value;
        if (!m_error) fail(name, "unknown word \"" + said + "\"");
        return Value{};
    }

    [[nodiscard]] QJsonObject object(const char* name);
    // Calls `read(ObjectReader&)` for each object of the list.
    template <typename Read>
    void each(const char* name, Read read) {
        const QJsonArray list = array(name);
        for (qsizetype i = 0; i < list.size() && !m_error; ++i) {
            const QString path = pathOf(name) + QStringLiteral("[%1]").arg(i);
            if (!list[i].isObject()) return failAt(path, "must be an object");
            const QJsonObject element = list[i].toObject();
            ObjectReader reader(element, path, m_error);
            read(reader);
        }
    }
    // A reader for the object in field `name`; only if it is there and not null.
    template <typename Read>
    void optionalObject(const char* name, Read read) {
        if (!present(name) || m_object[QLatin1String(name)].isNull()) return;
        const QJsonObject inner = object(name);
        ObjectReader reader(inner, pathOf(name), m_error);
        read(reader);
    }

    [[nodiscard]] bool failed() const { return m_error.has_value(); }
    void fail(const char* name, std::string_view cameBack) { failAt(pathOf(name), cameBack); }

private:
    [[nodiscard]] bool present(const char* name);
    [[nodiscard]] QJsonArray array(const char* name);
    [[nodiscard]] QString pathOf(const char* name) const;
    void failAt(const QString& path, std::string_view cameBack);

    const QJsonObject& m_object;
    QString m_path;
    std::optional<Error>& m_error;
};

// The object that `bytes` hold. Error: not JSON (with the offset), or no object.
[[nodiscard]] Result<QJsonObject> objectFromBytes(const QByteArray& bytes, const std::string& what);
// One line without a line end: fit for server-sent events.
[[nodiscard]] QByteArray toLine(const QJsonObject& object);

} // namespace dyad::control
