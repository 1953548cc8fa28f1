import Testing

@testable import TacitWire

@Suite("Frames of a backup")
struct BackupFrameTests {
    @Test("come out as they went in, in whatever pieces they arrive", arguments: [1, 2, 7, 19, 20, 21, 64, 4096]) func pieces(size: Int) {
        let sent = [0, 1, 19, 20, 500].enumerated().map { number, count in
            BackupFrame(versions: Int64(number) << 33, total: 1 << 40, bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 + number) })
        }
        let stream = sent.flatMap { BackupFrame.head(of: $0.bytes.count, versions: $0.versions, total: $0.total) + $0.bytes }
        var (frames, came) = (BackupFrames(), [BackupFrame]())
        for start in stride(from: 0, to: stream.count, by: size) {
            frames.append(Array(stream[start..<min(start + size, stream.count)]))
            while let frame = frames.next() { came.append(frame) }
        }
        #expect(came == sent && frames.isEmpty)
    }

    @Test("one that is cut is no frame, and is seen to be left over") func cut() {
        var frames = BackupFrames()
        frames.append(BackupFrame.head(of: 3, versions: 1, total: 2) + [1, 2])
        #expect(frames.next() == nil && !frames.isEmpty)
        frames.append([3])
        #expect(frames.next() == BackupFrame(versions: 1, total: 2, bytes: [1, 2, 3]) && frames.next() == nil && frames.isEmpty)
    }
}
