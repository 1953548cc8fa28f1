import TacitClient
import TacitWire

extension VaultDoor {
    private static let absences: Set<String> = ["project.not-found", "environment.not-found", "secret.not-found"]
    /// So many places are looked at to find the one that is not there.
    private static let mostPlaces = 8

    /// A refusal that leads to where the command looked: it says which project or environment is not there, and its hint's commands look at the same place.
    ///
    /// Only a person is told which, and the keeper is asked once more for each place as anybody may ask it.
    func placed(_ failure: CommandFailure, _ path: String) -> CommandFailure {
        let places = self.places.isEmpty ? Scope(ofPath: path).map { [$0] } ?? [] : self.places
        guard let code = failure.problem?.code, let first = places.first else { return failure }
        if Self.absences.contains(code), isSteppedUp || (try? status().actor.kind) == .person {
            for place in places.prefix(Self.mostPlaces) { if let absence = absence(of: place) { return absence } }
        }
        // Which of several places a refusal is about, `naming` finds.
        return places.count == 1 ? failure.leading(to: first, in: context) : failure
    }

    /// The keeper's refusal of a place that is not there, with its name; nil where it is.
    private func absence(of place: Scope) -> CommandFailure? {
        do { _ = try plain("GET", "\(WirePath.secrets(place.project, place.environment))?limit=1") } catch {
            guard let failure = error as? CommandFailure else { return nil }
            switch failure.problem?.code {
            case "project.not-found": return failure.naming([place.project])
            case "environment.not-found": return failure.naming([place.text]).leading(to: place, in: context)
            default: return nil
            }
        }
        return nil
    }
}

extension Scope {
    /// The environment that a path of the API leads into; nil for any other.
    fileprivate init?(ofPath path: String) {
        let parts = path.prefix { $0 != "?" }.split(separator: "/")
        guard path.hasPrefix("\(WirePath.projects)/"), parts.count > 4, parts[3] == "environments", let project = WirePath.decoded(parts[2]),
            let environment = WirePath.decoded(parts[4])
        else { return nil }
        self.init(project: project, environment: environment)
    }
}
