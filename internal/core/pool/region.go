package pool

import (
	"context"
	"strings"

	"cognate/internal/base/arn"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// regionOf is the Region of a pool: the one that its id begins with. A chosen id that begins with none is the default
// Region's.
func (p *Pools) regionOf(poolID string) arn.Region {
	if r, ok := arn.RegionOf(poolID); ok {
		return r
	}
	return p.d.Region
}

// ARN is the resource name of a pool of this server, whether there is such a pool or not.
func (p *Pools) ARN(poolID string) string {
	region := string(p.regionOf(poolID))
	return arn.ARN{
		Partition: arn.Partition(region), Service: "cognito-idp", Region: region, Account: p.d.Account,
		Resource: "userpool/" + poolID,
	}.String()
}

// snapshot is the pool of a row.
func (p *Pools) snapshot(row poolRow) (*Pool, error) {
	return newPool(row, p.regionOf(row.id), p.ARN(row.id))
}

// asked is the Region that a request works in: the one it was signed for, or the default where nobody signed.
func (p *Pools) asked(ctx context.Context) arn.Region {
	if r := obs.From(ctx).Region; r != "" {
		return r
	}
	return p.d.Region
}

// InRegion answers as for a pool that does not exist when the resource of a signed request, a pool id or an ARN, belongs
// to another Region than the request was signed for. Whether the resource exists is the operation's question.
func (p *Pools) InRegion(ctx context.Context, resource string) error {
	asked := obs.From(ctx).Region
	if asked == "" {
		return nil
	}
	region, refusal := p.regionOf(resource), PoolRefusal(ErrPoolNotFound, resource)
	if strings.HasPrefix(resource, "arn:") {
		a, err := arn.Parse(resource)
		if err != nil {
			return nil
		}
		region, refusal = arn.Region(a.Region), noResource(resource)
	}
	if region == asked {
		return nil
	}
	obs.Cause(ctx, "signed for %s, the resource is of %s", asked, region)
	return refusal
}

// listRegion reads up to limit pools of a Region behind the id after, in the order of their ids; of all Regions when
// region is empty.
func (p *Pools) listRegion(tx *db.Tx, region arn.Region, after string, limit int) ([]poolRow, error) {
	from, to := after, lastID
	if region != "" && region != p.d.Region {
		// Only the default Region has pools whose id does not begin with it.
		from, to = max(after, string(region)+"_"), string(region)+"`"
	}
	var out []poolRow
	for {
		rows, err := listPools(tx, from, to, limit)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if region == "" || p.regionOf(row.id) == region {
				if out = append(out, row); len(out) == limit {
					return out, nil
				}
			}
		}
		if len(rows) < limit {
			return out, nil
		}
		from = rows[len(rows)-1].id
	}
}

// lastID stands behind every pool id, as ids have letters, digits, _ and - only. The underscore after a Region is
// followed by the grave accent.
const lastID = "~"

// Empty reports whether there is no pool in any Region.
func (p *Pools) Empty(ctx context.Context) (bool, error) {
	var rows []poolRow
	err := p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err = listPools(tx, "", lastID, 1)
		return err
	})
	return len(rows) == 0, err
}
