using System.Collections.Frozen;
using System.Net;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>A policy's <c>where</c>, ready to be evaluated: every list that is not empty must hold.</summary>
public sealed class CompiledWhere
{
    private readonly IPNetwork[] _networks;
    private readonly FrozenSet<string> _countries;
    private readonly FrozenSet<string> _excludedCountries;

    private CompiledWhere(WhereCondition source)
    {
        _networks = [.. source.AllowedIp.Select(AllowedNetwork.Parse)];
        _countries = source.Country.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _excludedCountries = source.CountryNot.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Compiles; null when nothing is restricted.</summary>
    public static CompiledWhere? From(WhereCondition? source) =>
        source is null || source.AllowedIp.Count + source.Country.Count + source.CountryNot.Count == 0
            ? null
            : new CompiledWhere(source);

    /// <summary>Whether a client may come from there: <see cref="ReasonCode.WhereMatched"/>, or what keeps it out.</summary>
    /// <param name="address">The client's address, IPv4-mapped ones already as IPv4; null when not known.</param>
    /// <param name="country">The client's country, or empty when not known.</param>
    public ReasonCode Judge(IPAddress? address, string country)
    {
        if (_networks.Length > 0)
        {
            if (address is null)
            {
                return ReasonCode.IpUnknown;
            }

            var isInside = false;
            foreach (var network in _networks)
            {
                if (network.Contains(address))
                {
                    isInside = true;
                    break;
                }
            }

            if (!isInside)
            {
                return ReasonCode.IpNotAllowed;
            }
        }

        if (_countries.Count + _excludedCountries.Count == 0)
        {
            return ReasonCode.WhereMatched;
        }

        if (country.Length == 0)
        {
            return ReasonCode.CountryUnknown;
        }

        return (_countries.Count > 0 && !_countries.Contains(country)) || _excludedCountries.Contains(country)
            ? ReasonCode.CountryNotAllowed
            : ReasonCode.WhereMatched;
    }
}
