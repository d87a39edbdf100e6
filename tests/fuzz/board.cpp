// SPDX-License-Identifier: Apache-2.0
// Any bytes in the shared memory between heart and service: the file as a whole, and a board that was opened before
// somebody spoilt it.
#include "fuzz.h"

#include "heart/board.h"
#include "heart/report.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

using namespace dyad;

namespace {

class Spoilt {
public:
    Spoilt() {
        char name[] = "/dev/shm/dyad-fuzz-board.XXXXXX";
        const int descriptor = ::mkstemp(name);
        fuzz::promise(descriptor >= 0, "there is room in /dev/shm");
        ::close(descriptor);
        ::unlink(name);
        m_path = name;
        heart::BoardHeader header;
        header.boot = 7;
        header.processId = ::getpid();
        auto made = heart::Board::create(m_path, header);
        fuzz::promise(made.ok(), "a board can be made");
        m_board.emplace(std::move(made).value());
        const int file = ::open(m_path.c_str(), O_RDWR | O_CLOEXEC);
        struct stat status {};
        ::fstat(file, &status);
        m_bytes = static_cast<std::size_t>(status.st_size);
        m_memory = static_cast<std::uint8_t*>(::mmap(nullptr, m_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
        ::close(file);
        fuzz::promise(m_memory != MAP_FAILED, "the board can be mapped");
        std::copy_n(m_memory, sizeof m_header, m_header);
        m_settings.links = {{"private", "", "", 0, 0}};
    }
    ~Spoilt() { ::unlink(m_path.c_str()); }
    Spoilt(const Spoilt&) = delete;
    Spoilt& operator=(const Spoilt&) = delete;

    void look(fuzz::Bytes bytes) {
        const bool header = (fuzz::takeByte(bytes) & 1) != 0;
        std::memset(m_memory, 0, m_bytes);
        std::copy_n(m_header, sizeof m_header, m_memory);
        const std::size_t from = header ? 0 : sizeof m_header;
        std::copy_n(bytes.begin(), std::min(bytes.size(), m_bytes - from), m_memory + from);
        static_cast<void>(heart::Board::peek(m_path));
        static_cast<void>(heart::Board::open(m_path, model::BootDigest(7)));
        if (const auto report = m_board->readReport()) {
            const heart::Report told = heart::toReport(*report, m_settings);
            fuzz::promise(told.links.size() <= model::maxLinks, "no more links than there can be");
            fuzz::promise(told.peer.status.groups.size() <= model::maxGroups, "no more groups than there can be");
            for (const model::LinkReport& link : told.links)
                fuzz::promise(link.liveness <= model::Liveness::Lost, "each liveness has a name");
        }
        if (const auto order = m_board->readOrder()) {
            const auto status = wire::toModel(order->status);
            fuzz::promise(!status || wire::toPlain(*status).groupCount == status->groups.size(), "a status is whole");
        }
    }

private:
    std::string m_path;
    std::optional<heart::Board> m_board;
    std::uint8_t* m_memory = nullptr;
    std::size_t m_bytes = 0;
    std::uint8_t m_header[sizeof(heart::BoardHeader)] = {};
    heart::Settings m_settings;
};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Spoilt spoilt;
    spoilt.look({data, size});
    return 0;
}
