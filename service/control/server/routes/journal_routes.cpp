// SPDX-License-Identifier: Apache-2.0
#include "control/server/routes/journal_routes.h"

#include "control/protocol/paths.h"

#include <QFile>

#include <algorithm>

namespace dyad::control {
namespace {

void answerEvents(const Call& call, const Bounds& bounds, const Counters& counters, std::uint64_t lastSequence) {
    // Without a place to resume from, the story starts with the next entry.
    Call asked = call;
    if (!call.request.lastEventId.isEmpty()) {
        asked.query.clear();
        asked.query.addQueryItem(QStringLiteral("after"), QString::fromLatin1(call.request.lastEventId));
    }
    const std::optional<std::uint64_t> after = asked.number("after", lastSequence);
    if (!after)
        return call.refuse(400, {"resume the events", "after=" + asked.text("after").substr(0, 40),
                                 "this is no entry's sequence",
                                 "Give the id of the last event that arrived, or 0 for the whole journal"});
    if (counters.eventStreams >= bounds.eventStreams)
        return call.refuse(503, {"open an event stream", "",
                                 std::to_string(counters.eventStreams) + " are open, and no more are allowed",
                                 "Close one, or ask GET /v1/state from time to time"});
    call.answer(Response{.contentType = "text/event-stream", .body = {}, .fields = {}, .stream = *after});
}

void answerJournal(const Call& call, const ports::ServicePort& service, const Bounds& bounds,
                   std::uint64_t lastSequence) {
    const std::optional<std::uint64_t> after = call.number("after", 0);
    const std::optional<std::uint64_t> limit = call.number("limit", bounds.journalPage);
    if (!after || !limit || *limit == 0)
        return call.refuse(400, {"read the journal", call.pathText(),
                                 "after and limit must be whole numbers, limit at least 1",
                                 "Ask for /v1/journal?after=0&limit=100"});
    const std::size_t most = std::min<std::size_t>(*limit, bounds.journalPage);
    call.answer(toJson(JournalPage{service.journalAfter(*after, most), lastSequence}));
}

// The ring as it lies on the disk, while it is being written: whoever replays it stops at the place where the two met.
void answerRecorder(const Call& call, const ports::ServicePort& service) {
    const std::string path = service.recordingFile();
    if (path.empty())
        return call.refuse(404, {"export the flight recording", "", "this node records nothing",
                                 "Look at the alarms: one says why the recorder could not be opened"});
    auto file = std::make_shared<QFile>(QString::fromStdString(path));
    if (!file->open(QIODevice::ReadOnly))
        return call.refuse(500, {"read the flight recording", path, file->errorString().toStdString(),
                                 "Look at the disk of the state folder"});
    Response response{.contentType = "application/octet-stream"};
    response.fields.emplace_back("Content-Disposition", "attachment; filename=\"flight.ring\"");
    response.sourceBytes = file->size();
    response.source = std::move(file);
    call.answer(std::move(response));
}

} // namespace

Routes journalRoutes(ports::ServicePort& service, const Bounds& bounds, const Counters& counters,
                     std::function<std::uint64_t()> lastSequence) {
    return {
        {"GET", path::events, AccessRole::Viewer,
         [&bounds, &counters, lastSequence](const Call& c) { answerEvents(c, bounds, counters, lastSequence()); }},
        {"GET", path::journal, AccessRole::Viewer,
         [&service, &bounds, lastSequence](const Call& c) { answerJournal(c, service, bounds, lastSequence()); }},
        // All that the service has seen and decided: names of hosts and files, and what the operators did.
        {"GET", path::recorder, AccessRole::Admin, [&service](const Call& c) { answerRecorder(c, service); }},
    };
}

} // namespace dyad::control
